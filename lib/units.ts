/**
 * SI units as weak brands: a literal or the result of arithmetic is accepted, but metres are not accepted where
 * radians are wanted. REP-103: x forward, y left, yaw counter-clockwise.
 */
declare const unit: unique symbol;

export type Metres = number & { readonly [unit]?: "m" };
export type Radians = number & { readonly [unit]?: "rad" };
export type Seconds = number & { readonly [unit]?: "s" };
export type MetresPerSecond = number & { readonly [unit]?: "m/s" };
export type RadiansPerSecond = number & { readonly [unit]?: "rad/s" };
export type MetresPerSecondSquared = number & { readonly [unit]?: "m/s2" };
/** A share from 0 to 1, such as the state of charge. */
export type Share = number & { readonly [unit]?: "1" };
