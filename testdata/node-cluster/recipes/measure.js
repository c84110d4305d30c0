'use strict';
// npm run recipes: the other loggers, and PM2.

const path = require('node:path');
const { heading, machine, outcome, row } = require('../report');
const { BYTES, refused, service, trial } = require('../trial');
const { daemon, pm2, processes } = require('./pm2');

const PACKAGES = ['pino', 'winston', 'bunyan', 'pm2'];
const RECIPES = ['pino', 'pino-async', 'winston', 'winston-file', 'bunyan'];
const RATES = ['10000', 'max'];

const msg = (line) => JSON.parse(line).msg ?? JSON.parse(line).message;

const start = (recipe, rate, stderr) =>
  service(path.join(__dirname, 'server.js'), ['--recipe', recipe, '--rate', rate], { text: msg, stderr });

async function main() {
  console.log(`${machine(Object.fromEntries(PACKAGES.map((name) => [name, require(`${name}/package.json`).version])))}\n`);
  console.log(heading('recipe', 'asked'));
  const measure = async (start, ...first) => console.log(await row(trial(start), ...first));
  for (const recipe of RECIPES) {
    for (const rate of RATES) await measure(start(recipe, rate), recipe, rate);
  }
  await measure(pm2('pino', 10000, BYTES, processes, msg), 'pm2, pino', 10000);
  await measure(pm2('cluster', 10000, BYTES, daemon), 'pm2 cluster, stdout', 10000);
  await measure(pm2('fork', 10000, BYTES, daemon), 'pm2 fork, stdout', 10000);

  console.log('\n| recipe | when the new file cannot be opened |\n| --- | --- |');
  for (const recipe of RECIPES) {
    console.log(`| ${recipe} | ${await outcome(trial(start(recipe, '1000', 'ignore'), refused))} |`);
  }
}

main();
