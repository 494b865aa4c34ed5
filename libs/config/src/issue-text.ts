import type { z } from 'zod';
import { FORBIDDEN_NAMES } from './runtime-schema.ts';
import { meantBy, settingAt, type Path, type Setting } from './settings.ts';

type Issue = z.core.$ZodIssue;

const SECRET_NAME = /key|secret|password|passphrase|token/i;

/** A value as it may be quoted; nothing of what is, or could have been meant as, a secret. */
function quoted(path: Path, value: unknown): string {
  if (path.includes('credentials') || path.some((name) => SECRET_NAME.test(name))) return '';
  if (value === undefined || typeof value === 'object') return value === null ? ', not null' : '';
  const text = JSON.stringify(value) ?? '';
  return `, not ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`;
}

const KINDS: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of settings',
  record: 'a group of settings',
};

const bound = (issue: Extract<Issue, { code: 'too_small' | 'too_big' }>): string => {
  if (issue.origin === 'array')
    return `must hold at most ${issue.code === 'too_big' ? issue.maximum : 0} entries`;
  if (issue.origin === 'string')
    return issue.code === 'too_small' ? 'must not be empty' : `must have at most ${issue.maximum} characters`;
  if (issue.code === 'too_small')
    return `must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`;
  return `must be at most ${issue.maximum}`;
};

/** What to do instead, for values that mean something elsewhere. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'runtime.mode': '; function runtimes have their own builds, this one runs standalone only',
  'task_store.type':
    '; dynamodb and the embedded store (bleve) belong to function runtimes, sqlite is the one for this',
};

function valueProblem(issue: Issue, path: Path, value: unknown): string {
  const got = quoted(path, value);
  if (issue.code !== 'custom' && issue.message.startsWith('must ')) return `${issue.message}${got}`;
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${KINDS[issue.expected] ?? issue.expected}${got}`;
    case 'too_small':
    case 'too_big':
      return `${bound(issue)}${got}`;
    case 'invalid_value':
      return `must be ${issue.values.map(String).join(' or ')}${got}${ELSEWHERE[path.join('.')] ?? ''}`;
    case 'invalid_format':
      return `must be an ISO 8601 instant such as 2024-01-01T00:00:00Z${got}`;
    case 'invalid_union':
      return `must be a whole number, or up to 64 letters, digits, dots, dashes or underscores${got}`;
    case 'invalid_key':
      return issue.issues[0]?.message ?? 'cannot be used as a name';
    case 'custom':
      return issue.message;
    default:
      return `is not as it should be${got}`;
  }
}

/** Why a key is refused that nothing knows. A key or password written out gets the advice that matters most. */
function keyProblem(root: Setting, path: Path): string {
  const last = path.at(-1) ?? '';
  if (FORBIDDEN_NAMES.has(last)) return 'cannot be used as a name; remove it';
  if (path[0] === 'sources' && SECRET_NAME.test(last) && meantBy(root, path)?.at(-1) !== 'send_credentials') {
    const at = `sources.${path[1] ?? '<id>'}.credentials`;
    return `must not stand here: put the value into an environment variable, and that variable’s name under ${at} as api_key_env, secret_env or password_env`;
  }
  const meant = meantBy(root, path);
  if (meant !== undefined) return `is no setting; did you mean ${meant.join('.')}?`;
  const parent = settingAt(root, path.slice(0, -1));
  return parent?.kind === 'group'
    ? `is no setting; known here: ${[...parent.children.keys()].join(', ')}`
    : 'is no setting; remove it';
}

/** The places an issue is about, each with what is wrong there. */
export function problemsOf(
  issue: Issue,
  p: { readonly root: Setting; readonly valueAt: (path: Path) => unknown },
): readonly { readonly path: Path; readonly problem: string }[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], problem: keyProblem(p.root, [...path, key]) }));
  }
  return [{ path, problem: valueProblem(issue, path, p.valueAt(path)) }];
}
