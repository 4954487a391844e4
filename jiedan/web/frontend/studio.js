// What the three editors of the studio share: opening, checking while one edits, deploying, and
// the warning before unsaved work is lost. An editor gives open, save, select and mark.
//
// The page is <main data-studio data-source data-check data-deploy data-name data-lang>, with
// data-keep where drafts are kept; its buttons carry data-action; findings go to #findings;
// #deployment is the deploy dialog; rows of an import's report carry data-element.
const CHECK_DELAY = 700; // milliseconds after the last change

export const page = document.querySelector('[data-studio]');
export const language = page.dataset.lang || 'zh';
const texts = JSON.parse(document.getElementById('studio-texts').textContent);

export async function run(editor) {
  const studio = new Studio(editor);
  await studio.start();
  return studio;
}

class Studio {
  constructor(editor) {
    this.editor = editor;
    this.changed = false;
    this.findings = document.getElementById('findings');
    this.status = document.getElementById('studio-status');
  }

  async start() {
    const response = await fetch(page.dataset.source);
    if (!response.ok) return this.say(texts.failed, 'danger');
    await this.editor.open(await response.text());
    for (const button of document.querySelectorAll('[data-action]')) {
      button.addEventListener('click', () => this[button.dataset.action]());
    }
    for (const button of document.querySelectorAll('.import-report [data-element]')) {
      button.addEventListener('click', () => this.editor.select?.(button.dataset.element));
    }
    const file = document.getElementById('studio-file');
    file?.addEventListener('change', () => this.replaceWith(file.files[0]));
    document.getElementById('deployment')?.querySelector('form')
      .addEventListener('submit', event => { event.preventDefault(); this.send(event.target); });
    window.addEventListener('beforeunload', event => { if (this.changed) event.preventDefault(); });
    document.addEventListener('keydown', event => {
      if ((event.ctrlKey || event.metaKey) && event.key === 's') {
        event.preventDefault();
        this.deploy();
      }
    });
    await this.check();
    document.body.dataset.ready = 'true';
  }

  // Called by the editors on each change.
  touch() {
    this.changed = true;
    this.say(texts.unsaved, 'warning');
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.check(), CHECK_DELAY);
  }

  async check() {
    const answer = await this.post(page.dataset.check, { source: await this.editor.save() });
    if (!answer) return null;
    this.show(answer.findings);
    return answer.findings;
  }

  show(findings) {
    this.editor.mark?.(findings);
    const errors = findings.filter(each => each.severity === 'error').length;
    const count = document.getElementById('findings-count');
    if (count) {
      count.textContent = String(findings.length);
      count.dataset.severity = errors ? 'error' : findings.length ? 'warning' : 'none';
    }
    if (!findings.length) {
      const line = document.createElement('li');
      line.className = 'finding none';
      line.textContent = texts.clean;
      this.findings.replaceChildren(line);
      return;
    }
    this.findings.replaceChildren(...findings.map(each => this.line(each)));
  }

  line(finding) {
    const item = document.createElement('li');
    item.className = `finding ${finding.severity}`;
    const button = document.createElement('button');
    button.type = 'button';
    const where = document.createElement('strong');
    where.textContent = finding.label || finding.element || texts.document;
    const message = document.createElement('span');
    message.textContent = finding.message;
    const mend = document.createElement('em');
    mend.textContent = finding.mend || '';
    button.append(where, message, mend);
    button.addEventListener('click', () => this.editor.select?.(finding.element));
    item.append(button);
    return item;
  }

  async deploy() {
    const findings = await this.check();
    if (!findings) return;
    if (findings.some(each => each.severity === 'error')) {
      this.say(texts.mendFirst, 'danger');
      this.findings.scrollIntoView({ block: 'nearest' });
      return;
    }
    document.getElementById('deployment').showModal();
  }

  async send(form) {
    const answer = await this.post(page.dataset.deploy, {
      source: await this.editor.save(), comment: form.elements.comment.value
    });
    document.getElementById('deployment').close();
    if (!answer) return;
    if (answer.findings?.some(each => each.severity === 'error')) return this.show(answer.findings);
    this.changed = false;
    const version = document.getElementById('studio-version');
    if (version) version.textContent = answer.label;
    this.say(answer.message, 'success');
    // What was a draft is a definition now.
    if (answer.next) location.assign(answer.next);
  }

  async keep() {
    const answer = await this.post(page.dataset.keep, { source: await this.editor.save() });
    if (!answer) return;
    this.changed = false;
    this.say(answer.message, 'success');
  }

  cancel() {
    document.getElementById('deployment').close();
  }

  async download() {
    const url = URL.createObjectURL(new Blob([await this.editor.save()]));
    const link = document.createElement('a');
    link.href = url;
    link.download = page.dataset.name;
    link.click();
    URL.revokeObjectURL(url);
  }

  upload() {
    document.getElementById('studio-file').click();
  }

  async replaceWith(file) {
    if (!file) return;
    try {
      await this.editor.open(await file.text());
      this.touch();
    } catch (error) {
      this.say(`${texts.unreadable} ${error.message}`, 'danger');
    }
  }

  fit() { this.editor.fit?.(); }
  undo() { this.editor.undo?.(); }
  redo() { this.editor.redo?.(); }

  async post(url, body) {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        Accept: 'application/json',
        'X-CSRFToken': document.querySelector('meta[name=csrf-token]').content
      },
      body: JSON.stringify(body)
    });
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return answer;
    this.say(answer.detail || answer.title || texts.failed, 'danger');
    return null;
  }

  say(message, tone) {
    this.status.textContent = message;
    this.status.dataset.tone = tone;
  }
}
