/** Says on stderr how far long work is: nothing in the first second, then a line that overwrites itself, or plain lines. */
export function progressLine(label: string): { update(text: () => string): void; end(): void } {
  const started = Date.now();
  const terminal = process.stderr.isTTY;
  const interval = terminal ? 200 : 5000;
  let next = started + 1000;
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
