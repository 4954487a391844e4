// Bundles the browser side: one entry per page that needs JavaScript, shared chunks between them.
// Output: jiedan/web/static/build and a manifest.json that maps entry names to hashed files.
import { build } from 'esbuild';
import { writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const outdir = join(here, '../static/build');
const entries = ['htmx', 'viewer', 'modeler', 'decision', 'form', 'chart'];

const result = await build({
  entryPoints: entries.map(name => join(here, `${name}.js`)),
  outdir,
  bundle: true,
  minify: true,
  format: 'esm',
  splitting: true,
  target: 'es2022',
  entryNames: '[name]-[hash]',
  chunkNames: 'chunk/[name]-[hash]',
  assetNames: 'asset/[name]-[hash]',
  metafile: true,
  logLevel: 'error',
  legalComments: 'linked',
  loader: {
    '.woff': 'file', '.woff2': 'file', '.ttf': 'file', '.svg': 'file', '.eot': 'file'
  }
});

const manifest = {};
for (const [file, output] of Object.entries(result.metafile.outputs)) {
  if (!output.entryPoint || !output.entryPoint.includes('frontend/')) continue;
  const name = basename(output.entryPoint, '.js');
  manifest[name] = {
    js: `build/${basename(file)}`,
    css: output.cssBundle ? `build/${basename(output.cssBundle)}` : null
  };
}
writeFileSync(join(outdir, 'manifest.json'), JSON.stringify(manifest, null, 1));
