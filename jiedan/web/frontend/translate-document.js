// The form designer has its English written into its markup; this maps exact texts and attributes
// as they appear. What the form itself says is its author's and stays.
import words from './zh-form.js';

const ATTRIBUTES = ['title', 'placeholder', 'aria-label'];
// Inside the form only these are the designer's own words.
const OWN_IN_FORM = '.fjs-repeat-render-footer, .fjs-select-placeholder,'
  + ' .fjs-context-pad, .fjs-empty-component, .fjs-fade-out, .fjs-empty-editor, .fjs-drop-container';
// Names that the author gave: ids, keys, labels of fields and of list entries.
const AUTHORS = '.bio-properties-panel-header-label, .fjs-form, .cm-editor, code,'
  + ' .bio-properties-panel-collapsible-entry-header-title';
const PANELS = '.fjs-palette-container, .fjs-properties-container, .bio-properties-panel';

// "Remove Text field", "List contains 3 items": a phrase with another word of the list in it.
const PHRASES = Object.entries(words).filter(([phrase]) => phrase.includes('{}')).map(
  ([phrase, translated]) => [new RegExp(`^${phrase.replace('{}', '(.+)')}$`), translated]
);

// English that was met and is not in the list; a test opens every panel and reads it.
export const untranslated = new Set();
window.untranslated = untranslated;

export function translateDocument(root) {
  const observer = new MutationObserver(changes => {
    for (const change of changes) {
      if (change.type === 'characterData') translateNode(change.target);
      else if (change.type === 'attributes') translateAttributes(change.target);
      else change.addedNodes.forEach(translateTree);
    }
  });
  observer.observe(root, {
    subtree: true, childList: true, characterData: true, attributes: true,
    attributeFilter: ATTRIBUTES
  });
  translateTree(root);
}

function translateTree(node) {
  if (node.nodeType === Node.TEXT_NODE) return translateNode(node);
  if (node.nodeType !== Node.ELEMENT_NODE) return;
  translateAttributes(node);
  for (const element of node.querySelectorAll('*')) translateAttributes(element);
  const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) translateNode(walker.currentNode);
}

function translateNode(node) {
  const text = node.data.trim();
  const owner = node.parentElement;
  if (!text || !owner || (owner.closest('.fjs-form') && !owner.closest(OWN_IN_FORM))) return;
  const known = text === 'Select' && owner.closest('.fjs-form') ? '请选择' : translate(text);
  if (known === undefined) return note(text, owner);
  const translated = node.data.replace(text, known);
  if (translated !== node.data) node.data = translated;
}

function translateAttributes(element) {
  if (element.closest?.('.fjs-form') && !element.closest(OWN_IN_FORM)) return;
  for (const name of ATTRIBUTES) {
    const text = element.getAttribute?.(name)?.trim();
    if (!text) continue;
    const known = translate(text);
    if (known === undefined) note(text, element);
    else if (known !== text) element.setAttribute(name, known);
  }
}

function translate(text) {
  if (Object.hasOwn(words, text)) return words[text];
  for (const [pattern, whole] of PHRASES) {
    const [, rest] = pattern.exec(text) || [];
    if (rest !== undefined) return whole.replace('{}', words[rest] ?? rest);
  }
  return undefined;
}

function note(text, element) {
  const isEnglish = /[A-Za-z]{2,}/.test(text) && !/[\u4e00-\u9fff]/.test(text);
  if (isEnglish && element.closest(PANELS) && !element.closest(AUTHORS)) untranslated.add(text);
}
