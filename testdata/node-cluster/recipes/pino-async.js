'use strict';
// pino with a buffer: faster, and what is in the buffer is written before the old file is closed.

const { once } = require('node:events');
const pino = require('pino');

module.exports = (path) => {
  let file, logger;
  return {
    open() {
      file = pino.destination({ dest: path, sync: false, minLength: 4096 });
      file.on('error', (err) => console.error(err.message)); // without it, a failed reopen ends the process
      logger = pino(file);
    },
    info: (line) => logger.info(line),
    reopen: () => file.reopen(),
    async close() {
      file.end();
      await once(file, 'close');
    },
  };
};
