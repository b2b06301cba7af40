/** Resolves when the promise has settled, or after so much real time: for ends that must not wait for what hangs. */
export async function within(durationMs: number, promise: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, durationMs);
  await Promise.race([promise.catch(() => undefined), late.promise]);
  clearTimeout(timer);
}
