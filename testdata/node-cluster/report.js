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

function row(result, ...first) {
  return `| ${[...first, ...Object.values(COLUMNS).map((of) => of(result))].join(' | ')} |`;
}

// In words: a service that ends has no lines to count.
async function outcome(trial) {
  try {
    const { sent, lost } = await trial;
    return `${lost} of ${sent} lost`;
  } catch (err) {
    return err.code === 'ESRCH' || err.code === 'EXIT' ? 'the service ends' : err.message;
  }
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
