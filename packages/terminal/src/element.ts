type Attributes = Readonly<Record<string, string | boolean>>

/** An element with attributes and children. Text is always text, never HTML. `true` sets an attribute without a value. */
export const element = <Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] => {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false) continue
    made.setAttribute(key, value === true ? '' : value)
  }
  made.append(...children)
  return made
}

/** A button that does not submit a form. */
export const button = (text: string, label: string, act: () => void): HTMLButtonElement => {
  const made = element('button', { type: 'button', class: 'runnel-button', title: label, 'aria-label': label }, text)
  made.addEventListener('click', act)
  return made
}

/** Sets the text of a node only when it differs: a live region would say it again, and a layout would be done again. */
export const setText = (node: Node, text: string): void => {
  if (node.textContent !== text) node.textContent = text
}
