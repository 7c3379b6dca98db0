// @ts-check
/** Every text of the page, in both languages. */

import { ACCOUNT } from "./strings_account.js";
import { MAP } from "./strings_map.js";
import { PLATFORM } from "./strings_platform.js";
import { WORK } from "./strings_work.js";

/** @type {Record<string, readonly [string, string]>} Chinese first, English second */
export const STRINGS = { ...MAP, ...WORK, ...ACCOUNT, ...PLATFORM };
