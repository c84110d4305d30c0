'use strict';
// The same cluster as ../server.js with another logger: --recipe NAME is the module beside this one.

const { flags } = require('../flags');
const { service } = require('../service');

const options = flags({ recipe: ['pino', 'pino-async', 'winston', 'winston-file', 'bunyan'] });
service(options, { workers: true, room: () => new Promise(setImmediate), ...require(`./${options.recipe}`)(options.log) });
