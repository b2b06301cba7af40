/** What was typed into a field of the form that is submitted. @param {SubmitEvent} event @param {string} name */
export function valueOf(event, name) {
  const value = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget)).get(name);
  return typeof value === "string" ? value.trim() : "";
}
