'use strict';
// Looks for every line of every writer.

const fs = require('node:fs');
const readline = require('node:readline');

// writers: [{ id, sent }], each of which must have its lines 1..sent in the files, once and whole. bytes is a line's
// length; text gets our line out of a log's, or throws.
async function count(files, writers, bytes, text) {
  const seen = new Map(writers.map((w) => [String(w.id), new Uint8Array(w.sent + 1)]));
  const result = { found: 0, lost: 0, doubled: 0, mangled: 0 };
  for (const file of files) {
    for await (const line of readline.createInterface({ input: fs.createReadStream(file) })) {
      const { id, seq } = parse(line, bytes, text);
      const lines = seen.get(id);
      if (!(seq < lines?.length)) result.mangled++;
      else if (lines[seq]++ > 0) result.doubled++;
      else result.found++;
    }
  }
  for (const lines of seen.values()) result.lost += lines.subarray(1).filter((n) => n === 0).length;
  return result;
}

// The master, writer 0, says what it does; a worker's line is padded.
function parse(line, bytes, text) {
  try {
    const message = text(line);
    const [, id, seq] = /^w(\d+) ([1-9]\d*) (?:x+|ready|done|reopened \d+)$/.exec(message);
    return id === '0' || message.length === bytes - 1 ? { id, seq } : {};
  } catch {
    return {};
  }
}

module.exports = { count };
