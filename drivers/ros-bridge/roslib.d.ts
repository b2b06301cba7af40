/** The part of roslib 2.1 that we use: its own declarations do not resolve under `module: nodenext`. */
declare module "roslib" {
  /** A protocol message: an object with an `op`. */
  export interface RosbridgeMessage {
    readonly op: string;
  }

  /** Decodes what came over a connection (JSON, CBOR, PNG, fragments) and hands the messages to `Ros`. */
  export abstract class AbstractTransport {
    emit(event: "open" | "close" | "error", value: unknown): boolean;
    abstract send(message: RosbridgeMessage): void;
    abstract close(): void;
    abstract isConnecting(): boolean;
    abstract isOpen(): boolean;
    abstract isClosing(): boolean;
    abstract isClosed(): boolean;
    protected handleRawMessage(data: unknown): void;
  }

  /** One connection to a rosbridge. */
  export class Ros {
    constructor(options: { transportFactory: (url: string) => Promise<AbstractTransport> });
    readonly isConnected: boolean;
    connect(url: string): Promise<void>;
    on(event: "error", take: (thrown: unknown) => void): this;
    off(event: string): this;
  }

  /** A topic that is listened to. */
  export class Topic<Message> {
    constructor(options: {
      ros: Ros;
      name: string;
      messageType: string;
      compression?: "none" | "png" | "cbor";
      queue_length?: number;
      queue_size?: number;
      reconnect_on_close?: boolean;
    });
    subscribe(take: (message: Message) => void): void;
    unsubscribe(): void;
    publish(message: Message): void;
  }

  /** A service that is called. */
  export class Service<Request, Response> {
    constructor(options: { ros: Ros; name: string; serviceType: string });
    callService(
      request: Request,
      take: (response: Response) => void,
      fail: (reason: string) => void,
      timeoutSeconds?: number,
    ): void;
  }

  /** An action of ROS 2 that is asked for. */
  export class Action<Goal, Feedback, Result> {
    constructor(options: { ros: Ros; name: string; actionType: string });
    /** Gives the id of the goal. */
    sendGoal(
      goal: Goal,
      take: (result: Result) => void,
      onFeedback: (feedback: Feedback) => void,
      fail: (reason: string) => void,
    ): string;
    cancelGoal(id: string): void;
  }
}
