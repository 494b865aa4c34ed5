import type { Data } from './ask.ts';
import { printable } from '../command.ts';

/** Careful readers of reply data: what is not there or of another kind is left out, never printed as it is. */

export const isData = (value: unknown): value is Data =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const dataAt = (data: Data, name: string): Data | undefined => {
  const value = data[name];
  return isData(value) ? value : undefined;
};

export const listAt = (data: Data, name: string): readonly Data[] => {
  const value = data[name];
  return Array.isArray(value) ? value.filter(isData) : [];
};

export const textsAt = (data: Data, name: string): readonly string[] => {
  const value = data[name];
  return Array.isArray(value) ? value.map((v) => printable(String(v))) : [];
};

/** A text fit for a terminal; '' where there is none. */
export const textAt = (data: Data | undefined, name: string): string => {
  const value = data?.[name];
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? printable(String(value))
    : '';
};

export const numberAt = (data: Data, name: string): number => {
  const value = data[name];
  return typeof value === 'number' ? value : 0;
};

/** `2024-01-31 10:05:07`, to the second, without it where it is 0; '' for none. */
export const timeAt = (data: Data | undefined, name: string): string =>
  textAt(data, name)
    .replace('T', ' ')
    .replace(/(?:\.\d+)?Z$/, '')
    .replace(/(:\d{2}):00$/, '$1');

/** The same to the minute. */
export const minuteAt = (data: Data | undefined, name: string): string =>
  timeAt(data, name).replace(/(\d{2}:\d{2}):\d{2}$/, '$1');
