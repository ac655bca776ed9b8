// Where Gatehouse's own rules lie: in the package, beside the program, whether it runs from source or built.
import path from 'node:path';

/** The folder of the rule set `core`. */
export const CORE_FOLDER: string = path.join(import.meta.dirname, '..', '..', 'rules', 'core');
