import { z } from "zod";

/** Who may do what on the console; each may also do what those before it may. */
export const Role = z.enum(["viewer", "technician", "admin"]);
export type Role = z.infer<typeof Role>;

/** The roles that a PIN opens. */
export type PinRole = Exclude<Role, "viewer">;

/** Whether somebody in the role `has` may do what takes the role `needs`. */
export function mayAct(has: Role, needs: Role): boolean {
  return Role.options.indexOf(has) >= Role.options.indexOf(needs);
}
