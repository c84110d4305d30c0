'use strict';
// pino reopens by itself. By default it writes a line before info() returns.

const pino = require('pino');

module.exports = (path) => {
  let file, logger;
  return {
    open() {
      file = pino.destination(path);
      file.on('error', (err) => console.error(err.message)); // without it, a failed reopen ends the process
      logger = pino(file);
    },
    info: (line) => logger.info(line),
    reopen: () => file.reopen(),
    close: () => file.flushSync(),
  };
};
