/**
 * A request the venue refuses, with the code and the wording of Binance's public error list
 * (Spot API, "Error codes"). Turned into `{"code":…,"msg":…}` in one place, `respond`.
 */
export class Refusal extends Error {
  readonly status: number;
  readonly code: number;

  constructor(code: number, message: string, status = 400) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.status = status;
  }
}

export const invalidSymbol = (): Refusal => new Refusal(-1121, 'Invalid symbol.');
export const invalidInterval = (): Refusal => new Refusal(-1120, 'Invalid interval.');
export const missing = (name: string): Refusal =>
  new Refusal(-1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`);
export const illegal = (name: string, range: string): Refusal =>
  new Refusal(-1100, `Illegal characters found in parameter '${name}'; legal range is '${range}'.`);
export const invalidValue = (name: string): Refusal =>
  new Refusal(-1130, `Data sent for parameter '${name}' is not valid.`);
export const invalidCombination = (): Refusal =>
  new Refusal(-1128, 'Combination of optional parameters invalid.');
export const unsupported = (): Refusal => new Refusal(-1020, 'This operation is not supported.');
