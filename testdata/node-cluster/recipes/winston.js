'use strict';
// winston cannot reopen a file: give it a stream that can.

const { Writable } = require('node:stream');
const winston = require('winston');
const { ReopenFile } = require('../reopen-file');

module.exports = (path) => {
  let file, logger;
  return {
    open() {
      file = new ReopenFile(path);
      const stream = new Writable({ write: (chunk, _, done) => { file.write(chunk); done(); } });
      logger = winston.createLogger({ transports: [new winston.transports.Stream({ stream })] });
    },
    info: (line) => logger.info(line),
    reopen: () => file.reopen(),
    close: () => new Promise((resolve) => { logger.on('finish', resolve).end(); }),
  };
};
