/** The same record whose undefined members are optional instead. */
export type Present<Record extends object> = {
  [Key in keyof Record as undefined extends Record[Key] ? never : Key]: Record[Key];
} & {
  [Key in keyof Record as undefined extends Record[Key] ? Key : never]?: Exclude<Record[Key], undefined>;
};

/** Leaves members out that are undefined: they then stay out of JSON, rows and comparisons alike. */
export function present<Record extends object>(record: Record): Present<Record> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as Present<Record>;
}
