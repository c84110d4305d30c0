'use strict';
// bunyan reopens its file streams: it ends the old ones, which drain on their own.

const bunyan = require('bunyan');

module.exports = (path) => {
  let logger;
  return {
    open() {
      logger = bunyan.createLogger({ name: 'api', streams: [{ type: 'file', path }] });
      logger.on('error', (err) => console.error(err.message)); // without it, a failed reopen ends the process
    },
    info: (line) => logger.info(line),
    reopen: () => logger.reopenFileStreams(),
    close: () => new Promise((resolve) => { logger.streams[0].stream.end(resolve); }),
  };
};
