// The quick starts of the library's README, as projects that somebody makes who follows them.
import { readFileSync } from 'node:fs';

const README = new URL('../packages/db-isolation/README.md', import.meta.url);

/**
 * One project for each section "Start with …": the files that its code blocks name, the packages that it installs, and
 * the commands that it runs then.
 */
export function readmeProjects() {
  const sections = readFileSync(README, 'utf8').split(/^## /m);
  return sections
    .filter((section) => section.startsWith('Start with '))
    .map((section) => {
      const [title = ''] = section.split('\n');
      const [install = '', ...commands] = [...section.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, text = '']) =>
        text.trim().split('\n'),
      );
      return {
        name: `readme-${title.replace('Start with ', '').replace(/\W/g, '-').toLowerCase()}`,
        description: `the README's "${title}", from an empty directory`,
        packages: install.replace('npm install --save-dev ', '').split(' '),
        commands,
        files: [...section.matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms)].map(([, path, text]) => ({ path, text })),
      };
    });
}
