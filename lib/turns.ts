/** Runs tasks one after the other, in the order in which they were given; a task that fails does not stop the next. */
export type Turns = <Result>(task: () => Promise<Result>) => Promise<Result>;

/** A line of its own: what is decided in a turn sees all that earlier turns have committed. */
export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const turn = last.then(task, task);
    last = turn.catch(() => undefined);
    return turn;
  };
}
