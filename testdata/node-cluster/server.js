'use strict';
// A cluster that logs through log4js. README.md has the flags.

const { flags, usage } = require('./flags');
const { log4jsFile, STRATEGIES } = require('./log4js-file');
const { service } = require('./service');

const options = flags({ mode: ['each', 'master'], reopen: STRATEGIES });
if (options['stuck-worker'] && options.mode === 'master') usage('--stuck-worker needs --mode each');

service(options, log4jsFile(options));
