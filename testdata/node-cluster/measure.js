'use strict';
// npm run measure: which ways to reopen lose lines? Every strategy, in both modes, at three rates.

const path = require('node:path');
const { STRATEGIES } = require('./log4js-file');
const { heading, machine, outcome, row } = require('./report');
const { refused, service, trial } = require('./trial');

const RATES = ['1000', '10000', 'max'];

const start = (reopen, mode, rate, options) =>
  service(path.join(__dirname, 'server.js'), ['--reopen', reopen, '--mode', mode, '--rate', rate], options);

async function main() {
  console.log(`${machine({ log4js: require('log4js/package.json').version })}\n`);
  console.log(heading('reopen', 'mode', 'asked'));
  for (const reopen of STRATEGIES) {
    for (const mode of ['each', 'master']) {
      for (const rate of RATES) console.log(await row(trial(start(reopen, mode, rate)), reopen, mode, rate));
    }
  }

  console.log('\n| reopen | when the new file cannot be opened |\n| --- | --- |');
  for (const reopen of STRATEGIES) {
    console.log(`| ${reopen} | ${await outcome(trial(start(reopen, 'each', '1000', { stderr: 'ignore' }), refused))} |`);
  }
}

main();
