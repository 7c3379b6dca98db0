// @ts-check
/** GLSL of the movers: one quad an instance; far away an arrow or a dot of fixed size, near by a body of true size. */

import { SHOWN } from "./mover_filter.js";

/** Where a road user is now: shared by movers and density. */
export const PLACE = `#version 300 es
precision highp float;
layout(location = 0) in int a_lon;
layout(location = 1) in int a_lat;
layout(location = 2) in uint a_class;
layout(location = 3) in uint a_length;
layout(location = 4) in uint a_width;
layout(location = 5) in int a_dlon;
layout(location = 6) in int a_dlat;
layout(location = 7) in uint a_heading;
layout(location = 8) in uint a_age;
layout(location = 9) in uint a_flags;
layout(location = 10) in int a_before_dlon;
layout(location = 11) in int a_before_dlat;
layout(location = 12) in uint a_before_heading;
layout(location = 13) in uint a_speed;
uniform ivec2 u_centre;
uniform float u_east;
uniform vec3 u_south;
uniform vec2 u_spin;
uniform vec2 u_half;
uniform float u_phase;
uniform float u_pixels;

const float JUMP_M = 80.0;

vec2 pixels(ivec2 place) {
  vec2 d = vec2(place - u_centre);
  return vec2(d.x * u_east, d.y * (u_south.x + d.y * (u_south.y + d.y * u_south.z)));
}

${SHOWN}
vec2 place_now() {
  ivec2 home = ivec2(a_lon, a_lat);
  vec2 next = pixels(home + ivec2(a_dlon, a_dlat));
  vec2 before = pixels(home + ivec2(a_before_dlon, a_before_dlat));
  return distance(next, before) > JUMP_M * u_pixels ? next : mix(before, next, u_phase);
}

vec2 spun(vec2 p) {
  return vec2(p.x * u_spin.x + p.y * u_spin.y, p.y * u_spin.x - p.x * u_spin.y);
}

vec4 on_screen(vec2 p) {
  vec2 turned = spun(p) / u_half;
  return vec4(turned.x, -turned.y, 0.0, 1.0);
}
`;

export const VERTEX = `${PLACE}
uniform float u_icon;
uniform float u_ratio;
uniform bool u_stale;
uniform int u_selected;
uniform vec3 u_colours[9];
uniform vec3 u_grey;
out vec2 v_at;
flat out vec2 v_half;
flat out vec3 v_colour;
flat out int v_shape;
flat out int v_marks;

const int DOT = 0;
const int ARROW = 1;
const int BODY = 2;
const int PERSON = 3;
const uint OLD = 15u;
const float DEGREE = 0.017453292519943295;

void main() {
  if (!shown()) {
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    return;
  }
  vec2 corner = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1)) * 2.0 - 1.0;
  int kind = min(int(a_class), 8);
  bool person = kind == 8;
  bool small = kind == 6 || kind == 7;
  float weight = kind == 4 ? 1.3 : kind == 3 ? 1.15 : kind == 5 ? 1.25 : small ? 0.75 : person ? 0.6 : 1.0;
  float icon = u_icon * weight;
  vec2 metres = vec2(max(float(a_length) * 0.1, 0.5), max(float(a_width) * 0.1, 0.4));
  vec2 body = metres * u_pixels;
  bool near_by = body.x >= icon * 0.9 && u_pixels > 0.8 * u_ratio;
  v_shape = person ? PERSON : near_by ? BODY : icon < 6.0 * u_ratio ? DOT : ARROW;
  vec2 size = near_by ? max(body, vec2(icon, icon * 0.5)) : vec2(icon, v_shape == ARROW ? icon * 0.82 : icon);
  if (v_shape == PERSON) size = vec2(max(body.x, icon));
  v_half = size * 0.5;
  bool selected = gl_InstanceID == u_selected;
  float margin = selected ? 9.0 * u_ratio : 2.0 * u_ratio;
  v_at = corner * (v_half + margin);
  v_marks = (int(a_flags) & 3) | (selected ? 8 : 0) | ((u_stale || a_age > OLD) ? 4 : 0);
  v_colour = (v_marks & 4) != 0 ? u_grey : u_colours[kind];
  float turn = mod(float(a_heading) - float(a_before_heading) + 54000.0, 36000.0) - 18000.0;
  float heading = (float(a_before_heading) + turn * u_phase) * 0.01 * DEGREE;
  vec2 ahead = vec2(sin(heading), -cos(heading));
  vec2 aside = vec2(-ahead.y, ahead.x);
  gl_Position = on_screen(place_now() + ahead * v_at.x + aside * v_at.y);
}`;

export const FRAGMENT = `#version 300 es
precision highp float;
in vec2 v_at;
flat in vec2 v_half;
flat in vec3 v_colour;
flat in int v_shape;
flat in int v_marks;
uniform vec3 u_edge;
uniform vec3 u_accent;
uniform vec3 u_glass;
uniform float u_ratio;
out vec4 o_colour;

float box(vec2 p, vec2 half_size, float radius) {
  vec2 q = abs(p) - half_size + radius;
  return length(max(q, 0.0)) + min(max(q.x, q.y), 0.0) - radius;
}

float arrow(vec2 p, vec2 h) {
  float side = abs(p.y) / h.y;
  float along = p.x / h.x;
  float front = (along - 1.0) + 2.0 * side;
  float notch = -along - 1.0 + 0.62 * (1.0 - side);
  return max(front * h.y * 0.45, max(notch * h.x * 0.8, (side - 1.0) * h.y));
}

void main() {
  float d;
  if (v_shape == 2) d = box(v_at, v_half, min(v_half.y * 0.55, v_half.x * 0.3));
  else if (v_shape == 1) d = arrow(v_at, v_half);
  else d = length(v_at) - v_half.x;
  float soft = 0.6 * u_ratio;
  float rim = min(1.1 * u_ratio, v_half.x * 0.35);
  float fill = 1.0 - smoothstep(-soft, soft, d);
  float outline = 1.0 - smoothstep(rim - soft, rim + soft, d);
  vec3 colour = v_colour;
  if (v_shape == 2) {
    float along = v_at.x / v_half.x;
    float inner = box(v_at, v_half - 0.16 * v_half.y, v_half.y * 0.4);
    float screen = smoothstep(0.30, 0.36, along) * (1.0 - smoothstep(0.58, 0.64, along));
    float back = smoothstep(-0.82, -0.78, along) * (1.0 - smoothstep(-0.68, -0.64, along));
    colour = mix(colour, u_glass, max(screen, back * 0.7) * (1.0 - smoothstep(-0.5, 0.5, inner)) * 0.75);
  }
  bool terminal = (v_marks & 1) != 0 && v_half.x > 4.0 * u_ratio;
  vec3 edge = terminal ? u_accent : u_edge;
  vec4 shape = vec4(mix(edge, colour, fill), outline);
  if ((v_marks & 2) != 0) shape.a *= 0.6;
  if ((v_marks & 4) != 0) shape.a *= 0.75;
  if ((v_marks & 8) != 0) {
    float ring = abs(box(v_at, v_half + 5.0 * u_ratio, 5.0 * u_ratio)) - 1.3 * u_ratio;
    float on = 1.0 - smoothstep(-soft, soft, ring);
    shape = mix(shape, vec4(u_accent, 1.0), on);
  }
  if (shape.a < 0.01) discard;
  o_colour = vec4(shape.rgb * shape.a, shape.a);
}`;
