'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const log4js = require('log4js');
const reopenFile = require('./reopen-file');

const { ReopenFile } = reopenFile;

// A log path in a folder of its own, a reader, and a file that is open on it.
function setup(t, target) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'reopen-file-'));
  const log = path.join(dir, 'app.log');
  if (target) fs.symlinkSync(target, log);
  const said = [];
  const file = new ReopenFile(log, { warn: (text) => said.push(text) });
  t.after(() => {
    file.close();
    fs.rmSync(dir, { recursive: true });
  });
  return { log, file, said, read: (name) => fs.readFileSync(name, 'utf8') };
}

test('moves on to the file that has the path', (t) => {
  const { log, file, said, read } = setup(t);
  file.write('1\n');
  fs.renameSync(log, `${log}.1`);
  file.write('2\n');
  file.reopen();
  file.write('3\n');
  assert.equal(read(`${log}.1`), '1\n2\n');
  assert.equal(read(log), '3\n');
  assert.deepEqual(said, []);
});

test('keeps the old file when the new one cannot be opened, and says so', (t) => {
  const { log, file, said, read } = setup(t);
  fs.renameSync(log, `${log}.1`);
  fs.mkdirSync(log);
  file.reopen();
  file.write('1\n');
  assert.equal(read(`${log}.1`), '1\n');
  assert.match(said.join(), /^reopen ".*app\.log": EISDIR.*; still writing to the old file$/);

  fs.rmdirSync(log);
  file.reopen();
  file.write('2\n');
  assert.equal(read(log), '2\n');
});

test('holds what a full disk refuses, and says so once', (t) => {
  const { log, file, said, read } = setup(t, '/dev/full');
  file.write('1\n');
  file.write('2\n');
  assert.equal(said.length, 1);
  assert.match(said[0], /ENOSPC.*; lines are held/);

  fs.unlinkSync(log);
  file.reopen();
  file.write('3\n');
  assert.equal(read(log), '1\n2\n3\n');
  assert.equal(said.length, 2);
  assert.match(said[1], /works again, 0 lines lost$/);
});

test('goes on in the new file with a line that was cut short', (t) => {
  const { log, read } = setup(t);
  const script = `
    process.on('SIGXFSZ', () => {});
    const file = new (require(${JSON.stringify(require.resolve('./reopen-file'))}).ReopenFile)(${JSON.stringify(log)});
    file.write('x'.repeat(899) + '\\n');
    require('node:fs').renameSync(file.path, file.path + '.1');
    file.reopen();`;
  const { status } = spawnSync('sh', ['-c', `ulimit -f 1; exec "${process.execPath}" -e "$0"`, script]); // 512 bytes
  assert.equal(status, 0);
  assert.equal(read(`${log}.1`).length, 512);
  assert.equal(read(`${log}.1`) + read(log), `${'x'.repeat(899)}\n`);
});

test('counts the lines that it cannot hold', (t) => {
  const { log, file, said, read } = setup(t, '/dev/full');
  for (let i = 0; i < 10003; i++) file.write('line\n');
  fs.unlinkSync(log);
  file.reopen();
  assert.equal(read(log).split('\n').length - 1, 10000);
  assert.match(said.at(-1), /works again, 3 lines lost$/);
});

test('is an appender for log4js', async (t) => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'reopen-file-'));
  t.after(() => fs.rmSync(dir, { recursive: true }));
  const filename = path.join(dir, 'app.log');
  log4js.configure({
    appenders: { file: { type: reopenFile, filename, mode: 0o600, layout: { type: 'messagePassThrough' } } },
    categories: { default: { appenders: ['file'], level: 'info' } },
  });
  const logger = log4js.getLogger();
  logger.info('1');
  fs.renameSync(filename, `${filename}.1`);
  reopenFile.reopen();
  logger.info('2');
  await new Promise((resolve) => { log4js.shutdown(resolve); });
  assert.equal(fs.readFileSync(`${filename}.1`, 'utf8'), '1\n');
  assert.equal(fs.readFileSync(filename, 'utf8'), '2\n');
  assert.equal(fs.statSync(filename).mode & 0o777, 0o600);
});
