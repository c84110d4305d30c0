'use strict';
// What the measurements print: a table, and what it was measured on.

const os = require('node:os');

const COLUMNS = {
  'lines/s': (r) => Math.round(r.rate),
  sent: (r) => r.sent,
  lost: (r) => r.lost,
  doubled: (r) => r.doubled,
  mangled: (r) => r.mangled,
  'let go': (r) => `${r.released}/${r.rotations}`,
  late: (r) => r.late,
  'median ms': (r) => r.median?.toFixed(0) ?? '-',
  'slowest ms': (r) => r.slowest?.toFixed(0) ?? '-',
  MB: (r) => Math.round(r.maxrss / 1024),
};

// first: the names of the columns that are the caller's.
function heading(...first) {
  const names = [...first, ...Object.keys(COLUMNS)];
  const rule = names.map((_, i) => (i < first.length ? '---' : '---:'));
  return `| ${names.join(' | ')} |\n| ${rule.join(' | ')} |`;
}

// A service that ends early, or gives up its log, has no lines to count.
async function row(trial, ...first) {
  const cells = await trial.then((r) => Object.values(COLUMNS).map((of) => of(r)), (err) => [ended(err)]);
  return `| ${[...first, ...cells].join(' | ')} |`;
}

async function outcome(trial) {
  return trial.then(({ sent, lost }) => `${lost} of ${sent} lost`, ended);
}

function ended(err) {
  if (err.code === 'ESRCH' || err.code === 'EXIT') return 'the service ends';
  if (err.code === 'MISSING') return err.message;
  throw err;
}

// packages: { name: version }
function machine(packages) {
  return [
    `Node ${process.versions.node}`,
    ...Object.entries(packages).map(([name, version]) => `${name} ${version}`),
    `Linux ${os.release()}`,
    `${os.cpus().length} × ${os.cpus()[0].model}`,
  ].join(', ');
}

module.exports = { heading, machine, outcome, row };
