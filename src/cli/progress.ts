/** Between lines on a stderr that is a log file: a job of hours fills no screen, and a stuck one is told. */
const SPARSE_MS = 30_000;

/**
 * Says on stderr how far long work is. On a terminal: from the first second on, a line that overwrites itself. Elsewhere:
 * a plain line every half minute.
 */
export function progressLine(label: string): { update(text: () => string): void; end(): void } {
  const terminal = process.stderr.isTTY;
  const interval = terminal ? 200 : SPARSE_MS;
  let next = Date.now() + (terminal ? 1000 : SPARSE_MS);
  let shown = false;
  return {
    update(text) {
      const now = Date.now();
      if (now < next) return;
      next = now + interval;
      shown = true;
      process.stderr.write(terminal ? `\r\u001b[2K${label}: ${text()}` : `${label}: ${text()}\n`);
    },
    end() {
      if (shown && terminal) process.stderr.write("\r\u001b[2K");
    },
  };
}
