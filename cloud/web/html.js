import htm from "htm";
import { h } from "preact";

/** @import { VNode } from "preact" */

/** Markup as tagged templates: what JSX would need a build step for. @type {(strings: TemplateStringsArray, ...values: any[]) => VNode<any>} */
export const html = /** @type {any} */ (htm.bind(h));
