// What the page's JavaScript is held to, beside the types that tsc finds in its JSDoc.

import js from "@eslint/js";
import globals from "globals";

const rules = {
  ...js.configs.recommended.rules,
  "array-callback-return": "error",
  "consistent-this": "error",
  eqeqeq: "error",
  "no-else-return": "error",
  "no-shadow": "error",
  "no-unused-expressions": ["error", { allowShortCircuit: true, allowTernary: true }],
  "no-use-before-define": ["error", { functions: false, classes: false, variables: false }],
  "no-var": "error",
  "object-shorthand": "error",
  "prefer-const": "error",
  "prefer-template": "error",
};

export default [
  { ignores: [".venv/", "build/", "tests/e2e/scripts/", "diffviz/ui/lib/vendor/"] }, // those scripts are expressions
  { files: ["diffviz/ui/**/*.js"], languageOptions: { globals: globals.browser }, rules },
  { files: ["*.js", "tests/js/**/*.js"], languageOptions: { globals: { ...globals.node, ...globals.browser } }, rules },
];
