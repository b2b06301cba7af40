import { CommandInbox } from "./command-inbox.ts";
import { ContractInbox } from "./contract-inbox.ts";
import type { Conversation, InboxDeps } from "./conversation.ts";

/** Takes contracts and commands in: each is decided, made durable, and only then answered. */
export interface Inbox {
  /** A compact JWS from the topic `contract`. Resolves when it is dealt with; never rejects for what was sent. */
  receiveContract(jws: string, conversation: Conversation): Promise<void>;
  /** The same for the topic `command`. */
  receiveCommand(jws: string, conversation: Conversation): Promise<void>;
}

/** What is decided about one document is done before the next document is decided. */
export function createInbox(deps: InboxDeps): Inbox {
  const log = deps.log.child({ module: "inbox" });
  const contracts = new ContractInbox({ ...deps, log });
  const commands = new CommandInbox({ ...deps, log });
  let last = Promise.resolve();

  /** Without an answer the cloud asks again, or learns from the journal what became of its document. */
  function inTurn(run: () => Promise<void>): Promise<void> {
    last = last.then(run).catch((thrown: unknown) => log.error({ err: thrown }, "document could not be stored"));
    return last;
  }
  /** What nobody proved to have signed is owed no answer, and no place on the disk. */
  const isDue = ({ isVerified }: { readonly isVerified: boolean }): boolean =>
    isVerified || deps.intake.admitsRefusal();
  return {
    async receiveContract(jws, conversation) {
      const received = await contracts.read(jws);
      if (!isDue(received)) return;
      await inTurn(() => contracts.settle(received, conversation));
    },
    async receiveCommand(jws, conversation) {
      const received = await commands.read(jws, conversation);
      if (!isDue(received)) return;
      await inTurn(() => commands.settle(received, conversation));
    },
  };
}
