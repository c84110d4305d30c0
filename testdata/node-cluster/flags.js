'use strict';
// The flags that every service here takes; README.md explains them.

const { parseArgs } = require('node:util');

const COMMON = {
  log: { type: 'string' },
  pidfile: { type: 'string' },
  summary: { type: 'string' },
  rate: { type: 'string', default: '1000' },
  lines: { type: 'string', default: 'max' },
  bytes: { type: 'string', default: '100' },
  workers: { type: 'string', default: '4' },
  'stuck-worker': { type: 'boolean', default: false },
  'release-file': { type: 'string', default: '' },
};

// choices: { name: [the default, another, …] }
function flags(choices) {
  const own = Object.entries(choices).map(([name, values]) => [name, { type: 'string', default: values[0] }]);
  const values = parse({ ...COMMON, ...Object.fromEntries(own) });
  for (const [name, allowed] of Object.entries(choices)) {
    if (!allowed.includes(values[name])) usage(`--${name} is one of ${allowed.join(', ')}`);
  }
  for (const name of ['log', 'pidfile', 'summary']) if (!values[name]) usage(`--${name} is required`);
  for (const name of ['rate', 'lines', 'bytes', 'workers']) {
    values[name] = values[name] === 'max' ? Infinity : Number(values[name]);
    if (!(values[name] > 0)) usage(`--${name} is a number above 0`);
  }
  return values;
}

function parse(options) {
  try {
    return parseArgs({ options }).values;
  } catch (err) {
    return usage(err.message);
  }
}

function usage(problem) {
  console.error(`server.js: ${problem}`);
  process.exit(2);
}

module.exports = { flags, usage };
