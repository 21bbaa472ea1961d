/** CPU time of this process, all threads, user and system: what other processes do meanwhile hardly counts. */
export function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
