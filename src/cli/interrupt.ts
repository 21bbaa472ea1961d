/** What ends a command from outside: the terminal, a supervisor, a session that closes; and the exit code shells use. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * From now on the first such signal calls `leave`, which cleans up and exits with the code; a second one ends the process
 * at once. The function returned takes it back.
 */
export function onInterrupt(leave: (exitCode: number) => void): () => void {
  const handlers = Object.entries(EXIT_CODES).map(([signal, code]) => ({ signal, handler: () => leave(code) }));
  for (const { signal, handler } of handlers) process.once(signal, handler);
  return () => {
    for (const { signal, handler } of handlers) process.off(signal, handler);
  };
}
