'use strict';
// PM2 runs the processes and, if the application only prints, writes their log too.

const common = {
  script: 'pm2-app.js',
  cwd: __dirname,
  instances: 4,
  merge_logs: true,
  wait_ready: true,
  autorestart: false,
  kill_timeout: 10000,
};

module.exports = {
  apps: [
    { ...common, name: 'cluster', exec_mode: 'cluster', out_file: process.env.LOG },
    { ...common, name: 'fork', exec_mode: 'fork', out_file: process.env.LOG },
    { ...common, name: 'pino', exec_mode: 'cluster', out_file: `${process.env.LOG}.out`, args: ['pino'] },
  ],
};
