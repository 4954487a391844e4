// Evaluates expressions with feelin: reads [{text, scope}] from stdin, writes [{value} | {error}].
import { evaluate } from 'feelin';

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const cases = JSON.parse(Buffer.concat(chunks).toString('utf8'));

function plain(value) {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'object' && typeof value !== 'function') return value;
  if (Array.isArray(value)) return value.map(plain);
  const kind = value.constructor?.name;
  if (typeof value === 'function' || kind === 'FeelFunction') return 'function';
  if (kind === 'FeelRange') {
    const { start, end } = value;
    const marks = [value['start included'], value['end included']];
    return { range: [plain(start), plain(end), ...marks.map(plain)] };
  }
  if (kind === 'Object') {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
  }
  return String(JSON.parse(JSON.stringify(value)));
}

const results = cases.map(({ text, scope }) => {
  try {
    return { value: plain(evaluate(text, scope).value) };
  } catch (error) {
    return { error: String(error.message).split('\n')[0] };
  }
});
process.stdout.write(JSON.stringify(results));
