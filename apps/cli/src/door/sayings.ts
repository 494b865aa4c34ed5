import type { Language, Text } from '../command.ts';

const SAYINGS = {
  by_server: { en: 'asking the server at {where}', zh: '访问服务 {where}' },
  by_store: { en: 'no server answers; opening the store {where}', zh: '没有服务应答；打开存储 {where}' },
  by_store_stranger: {
    en: "another program holds the server's port; opening the store {where}",
    zh: '服务端口被其他程序占用；打开存储 {where}',
  },
  unreachable: {
    en: 'no Kairos server answers at {url}; start one with npx nx serve standalone, or leave out --server to open the store itself',
    zh: '{url} 没有 Kairos 服务应答；用 npx nx serve standalone 启动，或去掉 --server 直接打开存储',
  },
  silent: {
    en: 'something listens at {url} and does not answer; it may be a server that hangs: end it, or open the store all the same with --store PATH',
    zh: '{url} 有程序监听但不应答，可能是挂起的服务：请结束它，或用 --store PATH 直接打开存储',
  },
  refused: {
    en: 'the server at {url} refuses us (HTTP {status}); give its token as KAIROS_HTTP__TOKEN',
    zh: '服务 {url} 拒绝访问（HTTP {status}）；请用 KAIROS_HTTP__TOKEN 提供令牌',
  },
  other_store: {
    en: 'the server at {url} works on another store ({theirs}) than the configuration names ({ours}); say which is meant: --server {url}, or --store {ours}',
    zh: '服务 {url} 使用的存储（{theirs}）与配置（{ours}）不同；请指明：--server {url} 或 --store {ours}',
  },
} as const satisfies Readonly<Record<string, Text>>;

export type Saying = keyof typeof SAYINGS;

export const say = (
  saying: Saying,
  language: Language,
  params: Readonly<Record<string, string>> = {},
): string => SAYINGS[saying][language].replace(/\{(\w+)\}/g, (all, name: string) => params[name] ?? all);
