/** What needs Node: files and downloads. Everything else is in `chainrule`. */
export {};
