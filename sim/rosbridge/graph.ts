import type { MessageType, TypeRegistry } from "./message-types.ts";
import type { RosMessage } from "./message-values.ts";

/** Why a request of a client or node is not followed, in the words of a ROS system. */
export type GraphResult<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly reason: string };

/** Every action has this service, hidden from lists; it cancels all goals. */
const CANCEL_GOAL = "/_action/cancel_goal";

/** Answers calls of a service. Rejects with an `AgentError` when it fails. */
export type ServiceHandler = (request: RosMessage) => Promise<RosMessage>;

/** How an action ended, by the numbers of `action_msgs/GoalStatus`. */
export const GOAL_STATUS = {
  unknown: 0,
  accepted: 1,
  executing: 2,
  canceling: 3,
  succeeded: 4,
  canceled: 5,
  aborted: 6,
};

/** A goal under way, from the side of who asked for it. */
export interface GoalHandle {
  cancel(): void;
  /** Resolves when the action has ended; rejects with an `AgentError` when its server failed. */
  readonly ended: Promise<{ readonly status: number; readonly result: RosMessage }>;
}

/** Takes goals. */
export type ActionHandler = (goal: RosMessage, onFeedback: (feedback: RosMessage) => void) => GoalHandle;

export interface Service {
  readonly type: string;
  readonly request: MessageType;
  readonly response: MessageType;
  readonly handle: ServiceHandler;
}

export interface Action {
  readonly type: string;
  readonly goal: MessageType;
  readonly result: MessageType;
  readonly feedback: MessageType;
  readonly handle: ActionHandler;
}

interface Topic {
  readonly type: MessageType;
  readonly publishers: Map<object, string>;
  readonly subscribers: Map<object, { readonly node: string; readonly take: (message: RosMessage) => void }>;
  latched: RosMessage | undefined;
}

/** A publisher or a subscription; ends when called. */
export type Leave = () => void;

/** The topics, services and actions of one ROS system: what nodes and clients of the bridge share. */
export class RosGraph {
  readonly types: TypeRegistry;
  readonly #topics = new Map<string, Topic>();
  readonly #services = new Map<string, Service>();
  readonly #actions = new Map<string, Action>();

  constructor(types: TypeRegistry) {
    this.types = types;
  }

  /** Registers a publisher of a topic, which it may create. */
  advertise(topic: string, type: string | undefined, node: string): GraphResult<Leave> {
    const found = this.#topic(topic, type);
    if (!found.ok) return found;
    const token = {};
    found.value.publishers.set(token, node);
    return { ok: true, value: () => this.#leave(topic, token) };
  }

  /** Hands a message to everyone who listens now and, if it is latched, to everyone who will. */
  publish(topic: string, message: RosMessage, { isLatched = false } = {}): void {
    const found = this.#topics.get(topic);
    if (!found) return;
    if (isLatched) found.latched = message;
    for (const { take } of found.subscribers.values()) take(message);
  }

  /** Listens to a topic, which it may create if it says a type. */
  subscribe(
    topic: string,
    type: string | undefined,
    node: string,
    take: (message: RosMessage, type: MessageType) => void,
  ): GraphResult<Leave> {
    const found = this.#topic(topic, type);
    if (!found.ok) return found;
    const token = {};
    const { value } = found;
    value.subscribers.set(token, { node, take: (message) => take(message, value.type) });
    if (value.latched) take(value.latched, value.type);
    return { ok: true, value: () => this.#leave(topic, token) };
  }

  topicType(topic: string): MessageType | undefined {
    return this.#topics.get(topic)?.type;
  }

  topics(): readonly { readonly name: string; readonly type: string }[] {
    return [...this.#topics].map(([name, { type }]) => ({ name, type: type.name }));
  }

  publishersOf(topic: string): readonly string[] {
    return [...new Set(this.#topics.get(topic)?.publishers.values())];
  }

  subscribersOf(topic: string): readonly string[] {
    const subscribers = [...(this.#topics.get(topic)?.subscribers.values() ?? [])];
    return [...new Set(subscribers.map(({ node }) => node))];
  }

  /** Offers a service; the newest offer of a name counts. */
  serve(name: string, type: string, handle: ServiceHandler): GraphResult<Leave> {
    const definition = this.types.service(type);
    if (!definition) return { ok: false, reason: `Unable to import service ${type}` };
    const service = { type: this.types.canonical(type)!, ...definition, handle };
    this.#services.set(name, service);
    return {
      ok: true,
      value: () => {
        if (this.#services.get(name) === service) this.#services.delete(name);
      },
    };
  }

  service(name: string): Service | undefined {
    return this.#services.get(name);
  }

  services(): readonly { readonly name: string; readonly type: string }[] {
    return [...this.#services].flatMap(([name, { type }]) => (name.endsWith(CANCEL_GOAL) ? [] : [{ name, type }]));
  }

  /** Offers an action; the newest offer of a name counts. */
  act(name: string, type: string, handle: ActionHandler): GraphResult<Leave> {
    const definition = this.types.action(type);
    if (!definition) return { ok: false, reason: `Unable to import action ${type}` };
    const goals = new Set<GoalHandle>();
    const begin: ActionHandler = (goal, onFeedback) => {
      const running = handle(goal, onFeedback);
      goals.add(running);
      const forget = (): unknown => goals.delete(running);
      running.ended.then(forget, forget);
      return running;
    };
    const action = { type: this.types.canonical(type)!, ...definition, handle: begin };
    this.#actions.set(name, action);
    const cancelling = this.serve(`${name}${CANCEL_GOAL}`, "action_msgs/srv/CancelGoal", async () => {
      for (const goal of goals) goal.cancel();
      return { return_code: goals.size === 0 ? 1 : 0, goals_canceling: [] };
    });
    return {
      ok: true,
      value: () => {
        if (this.#actions.get(name) === action) this.#actions.delete(name);
        if (cancelling.ok) cancelling.value();
      },
    };
  }

  action(name: string): Action | undefined {
    return this.#actions.get(name);
  }

  actions(): readonly string[] {
    return [...this.#actions.keys()];
  }

  #topic(name: string, type: string | undefined): GraphResult<Topic> {
    const known = this.#topics.get(name);
    if (type === undefined) {
      if (known) return { ok: true, value: known };
      return { ok: false, reason: `Cannot infer topic type for topic ${name} as it is not yet advertised` };
    }
    const message = this.types.message(type);
    if (!message) return { ok: false, reason: `Unable to load the message type ${type} for topic ${name}` };
    if (known && known.type.name !== message.name) {
      const [has, wants] = [this.types.spell(known.type.name), this.types.spell(message.name)];
      return {
        ok: false,
        reason: `Tried to register topic ${name} with type ${wants} but it is already established with type ${has}`,
      };
    }
    const topic = known ?? { type: message, publishers: new Map(), subscribers: new Map(), latched: undefined };
    this.#topics.set(name, topic);
    return { ok: true, value: topic };
  }

  #leave(name: string, token: object): void {
    const topic = this.#topics.get(name);
    topic?.publishers.delete(token);
    topic?.subscribers.delete(token);
    if (topic?.publishers.size === 0 && topic.subscribers.size === 0) this.#topics.delete(name);
  }
}
