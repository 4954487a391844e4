// The form designer has its English written into its markup; this maps exact texts and attributes
// outside the form itself, as they appear.
import words from './zh-form.js';

const ATTRIBUTES = ['title', 'placeholder', 'aria-label'];

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
  const known = words[node.data.trim()];
  if (known && !node.parentElement?.closest('.fjs-form')) {
    const translated = node.data.replace(node.data.trim(), known);
    if (translated !== node.data) node.data = translated;
  }
}

function translateAttributes(element) {
  for (const name of ATTRIBUTES) {
    const known = words[element.getAttribute?.(name)?.trim()];
    if (known && !element.closest('.fjs-form')) element.setAttribute(name, known);
  }
}
