import { readdirSync, statSync } from "node:fs";
import { InputError } from "../core/check.js";

const PROBLEMS: Readonly<Record<string, string>> = {
  EACCES: "no permission",
  EPERM: "no permission",
  EROFS: "its file system is read-only",
  EISDIR: "is a folder, not a file",
  ENOTDIR: "a part of its path is a file, not a folder",
  ENAMETOOLONG: "its name is too long",
  ELOOP: "its links lead in a circle",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EFBIG: "it grows beyond what the file system takes",
  EMFILE: "too many files are open",
  EBUSY: "is in use",
  ETXTBSY: "is in use",
};

/** What the operating system says of a file that is to be read or written, in words. */
export function fileProblem(cause: unknown, aim: "read" | "write"): string {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (code === "ENOENT") return aim === "read" ? "no such file" : "no file can be made there";
  return PROBLEMS[code] ?? (cause instanceof Error ? cause.message : String(cause));
}

/** Whether a folder stands there. What may not be looked at is none: opening it says why. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Names of what is in a folder. Throws InputError. */
export function folderNames(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch (cause) {
    throw new InputError(path, fileProblem(cause, "read"));
  }
}
