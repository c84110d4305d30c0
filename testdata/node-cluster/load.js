'use strict';
// Numbered lines, so that each can be looked for: `w<ID> <SEQ> xxx…`, SEQ from 1 without a gap.

const { setTimeout: sleep } = require('node:timers/promises');

// Logs lines through info until `lines` are out or the signal aborts, and resolves to how many info accepted.
// A rate of Infinity is as fast as room() allows; room resolves when the logger can take more.
async function load({ id, rate, lines, bytes, info, room, signal }) {
  const start = performance.now();
  let sent = 0;
  while (sent < lines && !signal.aborted) {
    const due = rate === Infinity ? sent + 100 : Math.ceil((performance.now() - start) / 1000 * rate);
    for (const until = Math.min(due, lines); sent < until; sent++) info(line(id, sent + 1, bytes));
    if (rate !== Infinity) await sleep(10);
    await room();
  }
  return sent;
}

const line = (id, seq, bytes) => `w${id} ${seq} `.padEnd(bytes - 1, 'x');

module.exports = { load };
