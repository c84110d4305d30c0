'use strict';
// winston's own file transport: a new one in, the old one out.

const winston = require('winston');

module.exports = (path) => {
  const open = () => new winston.transports.File({ filename: path });
  let transport, logger;
  return {
    open() {
      transport = open();
      logger = winston.createLogger({ transports: [transport] });
    },
    info: (line) => logger.info(line),
    reopen() {
      const old = transport;
      transport = open();
      logger.add(transport).remove(old);
    },
    close: () => new Promise((resolve) => { transport.on('finish', resolve); logger.end(); }),
  };
};
