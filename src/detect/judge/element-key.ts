/** `h("div",{key:"…"`: a compiler numbers the elements that a page is made of. */
const ELEMENT = /["'][a-z][\w-]*["'],\s?\{(?:class(?:Name)?:["'][^"']{0,80}["'],)?key:\s?["']$/;

/** Whether a value is the key of an element of a page. @param before the line up to the value */
export function isElementKey(before: string): boolean {
  return ELEMENT.test(before);
}
