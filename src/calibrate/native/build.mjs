import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * `npm run build:native`: compiles the addon of `raas-sim calibrate` with CMake into build/native of the package. nvcc is
 * looked for in CUDACXX, in PATH, and in NVIDIA's wheels in the virtual environment VIRTUAL_ENV; without it the addon has
 * no CUDA backend. Plain JavaScript, so that it runs in an installed package as in a checkout.
 */

const source = dirname(fileURLToPath(import.meta.url));
const output = resolve(source, "../../../build/native");

function fail(message) {
  process.stderr.write(`build:native: ${message}\n`);
  process.exit(2);
}

function inPath(program) {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, program))
    .find((path) => existsSync(path));
}

/** nvcc as the wheels nvidia-cuda-nvcc 13 bring it: lib/python3.11/site-packages/nvidia/cu13/bin/nvcc. */
function inWheels(environment) {
  const lib = join(environment, "lib");
  const pythons = existsSync(lib) ? readdirSync(lib).filter((name) => name.startsWith("python")) : [];
  return pythons
    .map((python) => join(lib, python, "site-packages", "nvidia"))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name, "bin", "nvcc")))
    .find((path) => existsSync(path));
}

function findNvcc() {
  const { CUDACXX, VIRTUAL_ENV } = process.env;
  if (CUDACXX === "") return undefined; // asked for
  if (CUDACXX !== undefined) {
    const found = existsSync(CUDACXX) ? resolve(CUDACXX) : inPath(CUDACXX);
    return (
      found ?? fail(`CUDACXX: "${CUDACXX}" is no file; expected the path of nvcc, or nothing for a build without CUDA`)
    );
  }
  return inPath("nvcc") ?? (VIRTUAL_ENV === undefined ? undefined : inWheels(VIRTUAL_ENV));
}

function run(program, parameters) {
  const { status, error } = spawnSync(program, parameters, { stdio: "inherit" });
  if (error !== undefined) fail(`${program} cannot be run: ${error.message}`);
  if (status !== 0) fail(`${program} failed; what it said stands above`);
}

if (inPath("cmake") === undefined) {
  fail("needs CMake 3.20 or newer and a C++20 compiler; on Debian: apt-get install cmake g++");
}
const require = createRequire(import.meta.url);
const headers = [require("node-api-headers").include_dir, dirname(require.resolve("node-addon-api"))];
const nvcc = findNvcc();
rmSync(join(output, "CMakeCache.txt"), { force: true }); // of another place or another nvcc
run("cmake", ["-S", source, "-B", output, `-DNODE_HEADERS=${headers.join(";")}`, `-DNVCC=${nvcc ?? ""}`]);
run("cmake", ["--build", output, "--parallel", String(availableParallelism())]);
process.stdout.write(
  nvcc === undefined
    ? "built raas.node WITHOUT CUDA: no nvcc in CUDACXX, PATH or the virtual environment in VIRTUAL_ENV\n"
    : `built raas.node with CUDA by ${nvcc}\n`,
);
