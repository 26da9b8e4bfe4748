"""The programs that run on the graphics card, in GLSL 3.30."""

from __future__ import annotations

SURFACE_VERTEX = """
#version 330
uniform mat4 model, to_clip;
uniform vec4 to_depth;
in vec3 position, normal, tint, base;
in vec2 uv;
in float layer, gloss, emission;
out vec3 at, facing, tinted, based;
out vec2 where;
out float depth;
flat out float picture, glossy, shine;
invariant gl_Position;
void main() {
    vec4 world = model * vec4(position, 1);
    at = world.xyz;
    facing = mat3(model) * normal;
    tinted = tint; based = base; where = uv; picture = layer; glossy = gloss; shine = emission;
    depth = dot(to_depth, world);
    gl_Position = to_clip * world;
}
"""
SURFACE_FRAGMENT = """
#version 330
uniform sampler2DArray pictures;
uniform sampler2DShadow sun_shadow, lamp_shadow;
uniform mat4 to_sun, to_lamp;
uniform vec3 eye, sun, sun_colour, ambient, sky;
uniform vec3 lamps[POINTS], lamp_colours[POINTS];
uniform int lamp_count;
uniform float fog, body, sun_texel, lamp_texel;
in vec3 at, facing, tinted, based;
in vec2 where;
in float depth;
flat in float picture, glossy, shine;
layout(location = 0) out vec4 radiance;
layout(location = 1) out vec2 truth;

float lit(sampler2DShadow map, vec4 position, float spread) {
    // One tap, at one of four places by sample: their mean in a pixel makes the edge soft.
    vec2 tap = spread * (mod(floor(gl_FragCoord.xy), 2) - .5) / SHADOW_SIZE;
    vec3 p = position.xyz / position.w * .5 + .5;
    bool outside = position.w <= 0 || any(lessThan(p, vec3(0))) || any(greaterThan(p, vec3(1)));
    return outside ? 1. : texture(map, p + vec3(tap, 0));
}

// About x^power (Schlick, "A fast alternative to Phong's specular model", 1994).
float lobe(float x, float power) { x = max(x, 0); return x / (power - power * x + x); }

void main() {
    vec4 texel = texture(pictures, vec3(where, picture));
    if (texel.a < .4) discard;
    vec3 albedo = clamp(texel.rgb * tinted + based, 0, 1);
    albedo *= albedo * (.3 * albedo + .7);  // from a picture file's values to linear ones, nearly
    vec3 to_eye = eye - at;
    float distance = length(to_eye);
    to_eye /= distance;

    vec3 face = cross(dFdx(at), dFdy(at));
    vec3 n = normalize(dot(facing, facing) > 1e-6 ? facing : face);
    if (dot(n, face) * dot(face, to_eye) < 0) n = -n;
    float power = 8 + 500 * glossy * glossy * glossy;
    float falls = max(dot(n, sun), 0);
    vec3 comes = sun_colour * lit(sun_shadow, to_sun * vec4(at + n * sun_texel * (4 - 2.5 * falls), 1), 2);
    vec3 diffuse = ambient * (.8 + .2 * n.y) + comes * falls;
    vec3 specular = comes * falls * lobe(dot(n, normalize(sun + to_eye)), power);
    for (int i = 0; i < lamp_count; i++) {
        vec3 way = lamps[i] - at;
        float square = dot(way, way);
        way *= inversesqrt(square);
        falls = max(dot(n, way), 0);
        comes = lamp_colours[i] * (falls / (square + .03));
        if (i == 0) {
            vec3 off = n * lamp_texel * sqrt(square) * (4.5 - 3 * falls);
            comes *= lit(lamp_shadow, to_lamp * vec4(at + off, 1), 3);
        }
        diffuse += comes;
        specular += comes * lobe(dot(n, normalize(way + to_eye)), power);
    }
    float grazing = clamp(1 - dot(n, to_eye), 0, 1);
    grazing *= grazing * grazing * grazing;
    float mirror = .04 + .5 * glossy * glossy;
    vec3 colour = albedo * diffuse + glossy * (specular * mirror * (power + 8) / 8
        + ambient * (.04 + .5 * glossy * grazing));
    if (shine > 0) colour = albedo * shine;
    // What occlusion may take: nearly all of the ambient light, little of what comes straight from a lamp.
    float indirect = dot(ambient, vec3(1)) / (dot(diffuse, vec3(1)) + 1e-6);
    radiance = vec4(mix(sky, colour, exp(-fog * distance)), shine > 0 ? 0 : .3 + .7 * min(indirect, 1));
    truth = vec2(depth, body);
}
"""
DEPTH_VERTEX = """
#version 330
uniform mat4 to_clip;
in vec3 position;
invariant gl_Position;
void main() { vec4 world = vec4(position, 1); gl_Position = to_clip * world; }
"""
DEPTH_FRAGMENT = """
#version 330
void main() {}
"""
SKY_VERTEX = """
#version 330
void main() { gl_Position = vec4(gl_VertexID == 1 ? 3 : -1, gl_VertexID == 2 ? 3 : -1, 1, 1); }
"""
SKY_FRAGMENT = """
#version 330
uniform mat3 to_world;
uniform vec4 lens;
uniform vec3 sky, sun, sun_colour;
uniform float fog, clouds;
layout(location = 0) out vec4 radiance;
layout(location = 1) out vec2 truth;
float hash(vec2 p) { return fract(sin(dot(p, vec2(12.9898, 78.233)) + clouds) * 43758.5453); }
float noise(vec2 p) {
    vec2 i = floor(p), f = smoothstep(0, 1, p - i);
    return mix(mix(hash(i), hash(i + vec2(1, 0)), f.x), mix(hash(i + vec2(0, 1)), hash(i + 1), f.x), f.y);
}
void main() {
    vec2 pixel = (gl_FragCoord.xy - .5) / 2;
    vec3 ray = normalize(to_world * vec3((pixel - lens.zw) / lens.xy, 1));
    float high = max(ray.y, 0);
    vec3 colour = mix(sky, sky * vec3(.45, .6, .85), sqrt(high));
    vec2 p = ray.xz / (high + .15) * 1.5;
    float cover = .5 * noise(p) + .25 * noise(2.1 * p) + .15 * noise(4.3 * p) + .1 * noise(9.1 * p);
    cover = smoothstep(fract(clouds), fract(clouds) + .35, cover) * smoothstep(0, .15, high);
    colour = mix(colour, (sky + .35 * sun_colour) * (.6 + .4 * cover), .8 * cover);
    float near = max(dot(ray, sun), 0);
    colour += sun_colour * (pow(near, 60) * .3 + smoothstep(.9996, .9999, near) * 20);
    radiance = vec4(mix(colour, sky, 1 - exp(-fog * 300)), 0);
    truth = vec2(0, -1);
}
"""
SHADOW_VERTEX = """
#version 330
uniform mat4 model, to_light;
in vec3 position;
in vec2 uv;
in float layer;
out vec3 where;
void main() { where = vec3(uv, layer); gl_Position = to_light * model * vec4(position, 1); }
"""
SHADOW_FRAGMENT = """
#version 330
uniform sampler2DArray pictures;
in vec3 where;
void main() { if (texture(pictures, where).a < .4) discard; }
"""
RESOLVE_FRAGMENT = """
#version 330
uniform sampler2D radiances, truths;
uniform vec4 lens;
layout(location = 0) out vec4 radiance_and_depth;
layout(location = 1) out vec2 body_and_open;

vec3 place(ivec2 s, float z) { return vec3((s / 2. - lens.zw) / lens.xy * z, z); }

void main() {
    ivec2 s = 2 * ivec2(gl_FragCoord.xy) + 1, last = textureSize(truths, 0) - 1;
    vec4 mean = vec4(0);
    for (int y = -1; y <= 1; y++) for (int x = -1; x <= 1; x++)
        mean += texelFetch(radiances, s + ivec2(x, y), 0) * float((2 - abs(x)) * (2 - abs(y))) / 16;
    vec2 truth = texelFetch(truths, s, 0).xy;
    float z = truth.x, open = 1;
    if (z > 0 && mean.a > 0) {
        vec4 around = vec4(texelFetch(truths, s - ivec2(1, 0), 0).x, texelFetch(truths, s + ivec2(1, 0), 0).x,
            texelFetch(truths, s - ivec2(0, 1), 0).x, texelFetch(truths, s + ivec2(0, 1), 0).x);
        vec3 p = place(s, z);
        vec3 right = abs(around.x - z) < abs(around.y - z) ? p - place(s - ivec2(1, 0), around.x)
            : place(s + ivec2(1, 0), around.y) - p;
        vec3 down = abs(around.z - z) < abs(around.w - z) ? p - place(s - ivec2(0, 1), around.z)
            : place(s + ivec2(0, 1), around.w) - p;
        vec3 n = normalize(cross(down, right));
        // Taps lie closer to each other near the pixel, so that contacts and corners both count.
        float reach = min(.3 * z, 1.), sum = 0;
        vec2 pixels = 2 * lens.xy * reach / z;
        float turn = 6.2832 * fract(dot(mod(gl_FragCoord.xy, 4), vec2(.25, .0625)));
        for (int i = 0; i < TAPS; i++) {
            float far = (i + .5) / TAPS, angle = turn + 2.4 * i;
            ivec2 q = clamp(s + ivec2(pixels * far * far * vec2(cos(angle), sin(angle))), ivec2(0), last);
            float other = texelFetch(truths, q, 0).x;
            if (other <= 0) continue;
            vec3 v = place(q, other) - p;
            float square = dot(v, v) + 1e-8;
            sum += max(0, dot(v, n) * inversesqrt(square) - .1) * max(0, 1 - square / (reach * reach));
        }
        open = 1 - mean.a * min(.9, 1.7 * sum / TAPS);
    }
    radiance_and_depth = vec4(mean.rgb, z);
    body_and_open = vec2(truth.y, open);
}
"""
